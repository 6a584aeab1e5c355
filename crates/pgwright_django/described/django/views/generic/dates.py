from _pgwright import unknown
from django.views.generic.base import View
from django.views.generic.detail import BaseDetailView, SingleObjectTemplateResponseMixin
from django.views.generic.list import MultipleObjectMixin, MultipleObjectTemplateResponseMixin

class DateMixin:
    date_field = None
    allow_future = False
    def get_date_field(self):
        return self.date_field

class BaseDateListView(MultipleObjectMixin, DateMixin, View):
    date_list_period = "year"
    def get(self, request, *args, **kwargs):
        self.date_list, self.object_list, extra = self.get_dated_items()
        return self.render_to_response(
            self.get_context_data(object_list=self.object_list, date_list=self.date_list, **extra))
    def get_ordering(self):
        return "-" + self.get_date_field() if self.ordering is None else self.ordering
    def get_dated_queryset(self, **lookup):
        return self.get_queryset().filter(**lookup)
    def get_date_list(self, queryset, date_type=None, ordering="ASC"):
        return queryset.dates(self.get_date_field(), date_type or self.date_list_period, ordering)
    def get_dated_items(self):
        queryset = self.get_queryset()
        return (self.get_date_list(queryset), queryset, {})

class ArchiveIndexView(MultipleObjectTemplateResponseMixin, BaseDateListView):
    pass
class YearArchiveView(MultipleObjectTemplateResponseMixin, BaseDateListView):
    pass
class MonthArchiveView(MultipleObjectTemplateResponseMixin, BaseDateListView):
    pass
class WeekArchiveView(MultipleObjectTemplateResponseMixin, BaseDateListView):
    pass
class DayArchiveView(MultipleObjectTemplateResponseMixin, BaseDateListView):
    pass
class TodayArchiveView(MultipleObjectTemplateResponseMixin, BaseDateListView):
    pass
class DateDetailView(SingleObjectTemplateResponseMixin, DateMixin, BaseDetailView):
    pass
