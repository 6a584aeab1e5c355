def validate_international_phonenumber(value):
    return None
