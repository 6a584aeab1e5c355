from django.template.base import Template

class Engine:
    @staticmethod
    def get_default():
        return Engine()
    def from_string(self, template_code):
        return Template(template_code)
    def get_template(self, template_name):
        return Template(name=template_name)
    def select_template(self, template_name_list):
        return Template(name=template_name_list)
    def render_to_string(self, template_name, context=None):
        return Template(name=template_name).render(context)

class EngineHandler:
    def __getitem__(self, alias):
        return Engine()
    def all(self):
        return [Engine()]

engines = EngineHandler()
