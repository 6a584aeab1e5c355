def generate_client_id():
    return None

def generate_client_secret():
    return None
