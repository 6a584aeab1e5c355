from _pgwright import unknown

class RequestSite:
    def __init__(self, request):
        self.domain = self.name = unknown("the host of a request")
