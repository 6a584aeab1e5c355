from _pgwright import unknown
from django.db.models import Model
from django.views.generic.base import ContextMixin, TemplateResponseMixin, View

class SingleObjectMixin(ContextMixin):
    model = None
    queryset = None
    slug_field = "slug"
    context_object_name = None
    slug_url_kwarg = "slug"
    pk_url_kwarg = "pk"
    query_pk_and_slug = False

    def get_object(self, queryset=None):
        if queryset is None:
            queryset = self.get_queryset()
        if self.slug_field != "slug" or self.slug_url_kwarg != "slug":
            queryset = queryset.filter(**{self.get_slug_field(): unknown("a slug of the URL")})
        elif hasattr(queryset.model, "slug") and unknown("whether the URL holds a slug"):
            queryset = queryset.filter(slug=unknown("a slug of the URL"))
        else:
            queryset = queryset.filter(pk=unknown("a key of the URL"))
        return queryset.get()
    def get_queryset(self):
        if self.queryset is None:
            return self.model._default_manager.all()
        return self.queryset.all()
    def get_slug_field(self):
        return self.slug_field
    def get_context_object_name(self, obj):
        if self.context_object_name:
            return self.context_object_name
        return obj._meta.model_name
    def get_context_data(self, **kwargs):
        context = {}
        if self.object:
            context["object"] = self.object
            name = self.get_context_object_name(self.object)
            if name:
                context[name] = self.object
        context.update(kwargs)
        return super().get_context_data(**context)

class BaseDetailView(SingleObjectMixin, View):
    def get(self, request, *args, **kwargs):
        self.object = self.get_object()
        return self.render_to_response(self.get_context_data(object=self.object))

class SingleObjectTemplateResponseMixin(TemplateResponseMixin):
    template_name_field = None
    template_name_suffix = "_detail"
    def get_template_names(self):
        if self.template_name is not None:
            return [self.template_name]
        names = []
        opts = None
        if isinstance(self.object, Model):
            opts = self.object._meta
        elif self.model is not None:
            opts = self.model._meta
        if opts is not None:
            names.append("%s/%s%s.html" % (opts.app_label, opts.model_name, self.template_name_suffix))
        return names

class DetailView(SingleObjectTemplateResponseMixin, BaseDetailView):
    pass
