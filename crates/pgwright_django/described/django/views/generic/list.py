from _pgwright import unknown
from django.core.paginator import Paginator
from django.views.generic.base import ContextMixin, TemplateResponseMixin, View

class MultipleObjectMixin(ContextMixin):
    allow_empty = True
    queryset = None
    model = None
    paginate_by = None
    paginate_orphans = 0
    context_object_name = None
    paginator_class = Paginator
    page_kwarg = "page"
    ordering = None

    def get_queryset(self):
        if self.queryset is not None:
            queryset = self.queryset
            if hasattr(queryset, "_fetch_all"):
                queryset = queryset.all()
        else:
            queryset = self.model._default_manager.all()
        ordering = self.get_ordering()
        if ordering:
            if isinstance(ordering, str):
                ordering = (ordering,)
            queryset = queryset.order_by(*ordering)
        return queryset
    def get_ordering(self):
        return self.ordering
    def paginate_queryset(self, queryset, page_size):
        paginator = self.get_paginator(
            queryset, page_size, orphans=self.get_paginate_orphans(), allow_empty_first_page=self.get_allow_empty())
        page = paginator.page(unknown("a page's number"))
        return (paginator, page, page.object_list, page.has_other_pages())
    def get_paginate_by(self, queryset):
        return self.paginate_by
    def get_paginator(self, queryset, per_page, orphans=0, allow_empty_first_page=True, **kwargs):
        return self.paginator_class(
            queryset, per_page, orphans=orphans, allow_empty_first_page=allow_empty_first_page, **kwargs)
    def get_paginate_orphans(self):
        return self.paginate_orphans
    def get_allow_empty(self):
        return self.allow_empty
    def get_context_object_name(self, object_list):
        if self.context_object_name:
            return self.context_object_name
        if hasattr(object_list, "model"):
            return object_list.model._meta.model_name + "_list"
        return None
    def get_context_data(self, *, object_list=None, **kwargs):
        queryset = object_list if object_list is not None else self.object_list
        page_size = self.get_paginate_by(queryset)
        name = self.get_context_object_name(queryset)
        paginator = page = None
        if page_size:
            paginator, page, queryset, is_paginated = self.paginate_queryset(queryset, page_size)
        context = {"paginator": paginator, "page_obj": page, "is_paginated": bool(page_size), "object_list": queryset}
        if name is not None:
            context[name] = queryset
        context.update(kwargs)
        return super().get_context_data(**context)

class BaseListView(MultipleObjectMixin, View):
    def get(self, request, *args, **kwargs):
        self.object_list = self.get_queryset()
        if not self.get_allow_empty():
            self.object_list.exists()
        return self.render_to_response(self.get_context_data())

class MultipleObjectTemplateResponseMixin(TemplateResponseMixin):
    template_name_suffix = "_list"
    def get_template_names(self):
        names = super().get_template_names()
        if hasattr(self.object_list, "model"):
            opts = self.object_list.model._meta
            names.append("%s/%s%s.html" % (opts.app_label, opts.model_name, self.template_name_suffix))
        return names

class ListView(MultipleObjectTemplateResponseMixin, BaseListView):
    pass
