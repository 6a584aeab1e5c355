class ShowFieldBase:
    pass

class ShowFieldType(ShowFieldBase):
    pass

class ShowFieldContent(ShowFieldBase):
    pass

class ShowFieldTypeAndContent(ShowFieldBase):
    pass
