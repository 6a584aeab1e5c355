from _pgwright import unknown

def gettext(message):
    return message

def gettext_lazy(message):
    return message

def gettext_noop(message):
    return message

def ngettext(singular, plural, number):
    return singular

def ngettext_lazy(singular, plural, number=None):
    return singular

def pgettext(context, message):
    return message

def pgettext_lazy(context, message):
    return message

def npgettext_lazy(context, singular, plural, number=None):
    return singular

def get_language():
    return unknown("the active language")
