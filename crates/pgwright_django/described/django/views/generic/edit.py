from _pgwright import unknown
from django.forms import ModelForm
from django.forms.models import modelform_factory
from django.http import HttpResponseRedirect
from django.views.generic.base import ContextMixin, TemplateResponseMixin, View
from django.views.generic.detail import BaseDetailView, SingleObjectMixin, SingleObjectTemplateResponseMixin

class FormMixin(ContextMixin):
    initial = {}
    form_class = None
    success_url = None
    prefix = None

    def get_initial(self):
        return self.initial.copy()
    def get_prefix(self):
        return self.prefix
    def get_form_class(self):
        return self.form_class
    def get_form(self, form_class=None):
        if form_class is None:
            form_class = self.get_form_class()
        return form_class(**self.get_form_kwargs())
    def get_form_kwargs(self):
        return {"initial": self.get_initial(), "prefix": self.get_prefix(), "data": self.request.POST,
                "files": self.request.FILES}
    def get_success_url(self):
        return self.success_url
    def form_valid(self, form):
        return HttpResponseRedirect(self.get_success_url())
    def form_invalid(self, form):
        return self.render_to_response(self.get_context_data(form=form))
    def get_context_data(self, **kwargs):
        if "form" not in kwargs:
            kwargs["form"] = self.get_form()
        return super().get_context_data(**kwargs)

class ModelFormMixin(FormMixin, SingleObjectMixin):
    fields = None
    def get_form_class(self):
        if self.form_class:
            return self.form_class
        model = self.model
        if model is None:
            model = self.get_queryset().model
        return modelform_factory(model, fields=self.fields)
    def get_form_kwargs(self):
        kwargs = super().get_form_kwargs()
        if hasattr(self, "object"):
            kwargs.update({"instance": self.object})
        return kwargs
    def get_success_url(self):
        if self.success_url:
            return self.success_url
        return self.object.get_absolute_url()
    def form_valid(self, form):
        self.object = form.save()
        return super().form_valid(form)

class ProcessFormView(View):
    def get(self, request, *args, **kwargs):
        return self.render_to_response(self.get_context_data())
    def post(self, request, *args, **kwargs):
        form = self.get_form()
        if form.is_valid():
            return self.form_valid(form)
        return self.form_invalid(form)
    def put(self, *args, **kwargs):
        return self.post(*args, **kwargs)

class BaseFormView(FormMixin, ProcessFormView):
    pass

class FormView(TemplateResponseMixin, BaseFormView):
    pass

class BaseCreateView(ModelFormMixin, ProcessFormView):
    def get(self, request, *args, **kwargs):
        self.object = None
        return super().get(request, *args, **kwargs)
    def post(self, request, *args, **kwargs):
        self.object = None
        return super().post(request, *args, **kwargs)

class CreateView(SingleObjectTemplateResponseMixin, BaseCreateView):
    template_name_suffix = "_form"

class BaseUpdateView(ModelFormMixin, ProcessFormView):
    def get(self, request, *args, **kwargs):
        self.object = self.get_object()
        return super().get(request, *args, **kwargs)
    def post(self, request, *args, **kwargs):
        self.object = self.get_object()
        return super().post(request, *args, **kwargs)

class UpdateView(SingleObjectTemplateResponseMixin, BaseUpdateView):
    template_name_suffix = "_form"

class DeletionMixin:
    success_url = None
    def delete(self, request, *args, **kwargs):
        self.object = self.get_object()
        url = self.get_success_url()
        self.object.delete()
        return HttpResponseRedirect(url)
    def post(self, request, *args, **kwargs):
        return self.delete(request, *args, **kwargs)
    def get_success_url(self):
        return self.success_url

class BaseDeleteView(DeletionMixin, FormMixin, BaseDetailView):
    def post(self, request, *args, **kwargs):
        self.object = self.get_object()
        form = self.get_form()
        if form.is_valid():
            return self.form_valid(form)
        return self.form_invalid(form)
    def get_form_class(self):
        from django.forms import Form
        return self.form_class or Form
    def form_valid(self, form):
        url = self.get_success_url()
        self.object.delete()
        return HttpResponseRedirect(url)

class DeleteView(SingleObjectTemplateResponseMixin, BaseDeleteView):
    template_name_suffix = "_confirm_delete"
