from _pgwright import unknown

def request(request):
    return {"request": request}

def csrf(request):
    return {"csrf_token": unknown("a token")}

def debug(request):
    return {}

def i18n(request):
    return {"LANGUAGE_CODE": unknown("a language"), "LANGUAGES": unknown("languages"), "LANGUAGE_BIDI": unknown("a language")}

def tz(request):
    return {"TIME_ZONE": unknown("a time zone")}

def static(request):
    return {"STATIC_URL": unknown("a URL")}

def media(request):
    return {"MEDIA_URL": unknown("a URL")}
