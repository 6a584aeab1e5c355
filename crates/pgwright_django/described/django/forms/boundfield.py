from _pgwright import unknown

class BoundField:
    def __init__(self, form, field, name):
        self.form = form
        self.field = field
        self.name = name
        self.data = unknown("what the client sends")
        self.initial = field.initial
    def value(self):
        return unknown("the value of a form's field")
    @property
    def errors(self):
        self.form.errors
        return unknown("errors of a form's field")
    def __str__(self):
        return self.as_widget()
    def as_widget(self, *args, **kwargs):
        for choice in self.field.choices:
            pass
        return unknown("a rendered field")
