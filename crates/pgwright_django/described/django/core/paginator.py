from _pgwright import cached_property, unknown

class InvalidPage(Exception):
    pass
class PageNotAnInteger(InvalidPage):
    pass
class EmptyPage(InvalidPage):
    pass

class Paginator:
    def __init__(self, object_list, per_page, orphans=0, allow_empty_first_page=True, error_messages=None):
        self.object_list = object_list
        self.per_page = per_page
        self.orphans = orphans
        self.allow_empty_first_page = allow_empty_first_page

    @cached_property
    def count(self):
        objects = self.object_list
        return len(objects) if isinstance(objects, (list, tuple)) else objects.count()
    @property
    def num_pages(self):
        self.count
        return unknown("how many pages there are")
    @property
    def page_range(self):
        self.count
        return unknown("the pages")
    def __iter__(self):
        self.count
        return [self.page(number) for number in unknown("the pages")]
    def validate_number(self, number):
        self.count
        return unknown("a page's number")
    def get_page(self, number):
        return self.page(number)
    def page(self, number):
        number = self.validate_number(number)
        bottom = unknown("where a page begins")
        top = unknown("where a page ends")
        return self._get_page(self.object_list[bottom:top], number, self)
    def _get_page(self, *args, **kwargs):
        return Page(*args, **kwargs)
    def get_elided_page_range(self, number=1, *, on_each_side=3, on_ends=2):
        self.count
        return unknown("the pages")

class Page:
    def __init__(self, object_list, number, paginator):
        self.object_list = object_list
        self.number = number
        self.paginator = paginator
    def __iter__(self):
        return iter(self.object_list)
    def __len__(self):
        return len(self.object_list)
    def __getitem__(self, index):
        return self.object_list[index]
    def has_next(self):
        self.paginator.count
        return unknown("whether there is another page")
    def has_previous(self):
        return unknown("whether there is another page")
    def has_other_pages(self):
        self.paginator.count
        return unknown("whether there is another page")
    def next_page_number(self):
        self.paginator.count
        return unknown("a page's number")
    def previous_page_number(self):
        return unknown("a page's number")
    def start_index(self):
        self.paginator.count
        return unknown("an index")
    def end_index(self):
        self.paginator.count
        return unknown("an index")
