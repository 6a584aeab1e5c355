class TemplateDoesNotExist(Exception):
    pass

class TemplateSyntaxError(Exception):
    pass
