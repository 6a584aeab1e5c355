class MiddlewareMixin:
    sync_capable = True
    async_capable = True

    def __init__(self, get_response):
        self.get_response = get_response
    def __call__(self, request):
        response = None
        if hasattr(self, "process_request"):
            response = self.process_request(request)
        response = response or self.get_response(request)
        if hasattr(self, "process_response"):
            response = self.process_response(request, response)
        return response
