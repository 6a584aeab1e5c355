//! Queries that templates send: where, how often, and from which line of the template.

mod shop;

use pgwright_django::queries::workload::Certainty;
use shop::{SETTINGS, shop};

const TEMPLATES: &str = "\
TEMPLATES = [
    {
        \"BACKEND\": \"django.template.backends.django.DjangoTemplates\",
        \"DIRS\": [\"templates\"],
        \"APP_DIRS\": True,
        \"OPTIONS\": {\"context_processors\": [\"shop.context.counts\"]},
    }
]
";
const MODELS: &str = "\
from django.db import models


class Author(models.Model):
    name = models.TextField()


class Book(models.Model):
    author = models.ForeignKey(Author, models.CASCADE, related_name=\"books\")
    price = models.IntegerField()

    def cheaper(self):
        return Book.objects.filter(price__lt=self.price)
";
const CONTEXT: &str = "\
from shop.models import Author


def counts(request):
    return {\"all_authors\": Author.objects.all()}
";
const TAGS: &str = "\
from django import template
from shop.models import Book

register = template.Library()


@register.simple_tag
def cheapest():
    return Book.objects.order_by(\"price\").first()


@register.inclusion_tag(\"shop/books.html\")
def books_of(author):
    return {\"books\": author.books.all()}


@register.filter
def written(author):
    return author.books.count()


class TwiceNode(template.Node):
    def __init__(self, nodelist, author):
        self.nodelist = nodelist
        self.author = author

    def render(self, context):
        self.author.resolve(context).books.exists()
        return self.nodelist.render(context) * 2


@register.tag
def twice(parser, token):
    _, author = token.split_contents()
    nodelist = parser.parse((\"endtwice\",))
    parser.delete_first_token()
    return TwiceNode(nodelist, parser.compile_filter(author))
";

/// A project with these files beside the models above, and its workload as `place  SQL without columns  (in template:line)`.
fn workload(files: &[(&str, &str)]) -> Vec<String> {
    let settings = format!("{SETTINGS}{TEMPLATES}");
    let fixed = [("settings.py", settings.as_str()), ("shop/models.py", MODELS), ("shop/context.py", CONTEXT)];
    let shop = shop(&fixed.iter().chain(files).copied().collect::<Vec<_>>());
    let queries = &shop.project.workload.queries;
    let mut shown: Vec<String> = queries
        .iter()
        .filter(|issued| issued.confidence == Certainty::Certain)
        .map(|issued| {
            let file = shop.files.get(issued.span.file);
            let sql = issued.sql.as_deref().unwrap_or("not known");
            let sql = sql.find(" FROM ").map_or(sql, |from| &sql[from + 1..]).replace('"', "");
            let template = issued.template.map(|span| {
                let file = shop.files.get(span.file);
                format!("  in {}:{}", file.path, file.position(span.start).line)
            });
            let often = if issued.in_loop.is_some() { "  in a loop" } else { "" };
            let line = shop.line(issued);
            format!("{}:{line}  {sql}{often}{}", file.path, template.unwrap_or_default())
        })
        .collect();
    shown.sort();
    shown
}

#[track_caller]
fn check(files: &[(&str, &str)], expected: &[&str]) {
    let found = workload(files);
    let own: Vec<&String> = found.iter().filter(|line| !line.contains("models.py")).collect();
    assert!(
        own.iter().map(|line| line.as_str()).eq(expected.iter().copied()),
        "found {own:#?}\nexpected {expected:#?}"
    );
}

const VIEW: &str = "\
from django.shortcuts import render
from shop.models import Author, Book


def show(request):
    return render(request, \"shop/show.html\", {\"books\": Book.objects.all(), \"authors\": Author.objects.all()})
";

#[test]
fn a_foreign_key_followed_in_a_loop() {
    let template = "{% if books %}\n{% for book in books %}\n{{ book.author.name }}{{ book.cheaper.count }}\n{% endfor %}{% endif %}";
    check(
        &[("shop/views.py", VIEW), ("shop/templates/shop/show.html", template)],
        &[
            "shop/views.py:6  FROM shop_author WHERE shop_author.id = %s LIMIT 21  in a loop  in shop/templates/shop/show.html:3",
            "shop/views.py:6  FROM shop_book  in shop/templates/shop/show.html:1",
            "shop/views.py:6  FROM shop_book WHERE shop_book.price < %s  in a loop  in shop/templates/shop/show.html:3",
        ],
    );
}

#[test]
fn what_is_not_used_is_not_sent() {
    check(&[("shop/views.py", VIEW), ("shop/templates/shop/show.html", "{# {{ books }} #}{{ request.path }}")], &[]);
    check(&[("shop/views.py", VIEW)], &[]);
}

#[test]
fn templates_that_extend_and_include_others() {
    let base = "{% block a %}{{ books.count }}{% endblock %}\n{% block b %}{{ authors.count }}{% endblock %}";
    let show = "{% extends \"base.html\" %}{% block a %}\n{% with first=authors.first %}\n{% include \"shop/books.html\" with books=first.books.all only %}{% endwith %}\n{{ block.super }}{% endblock %}";
    let books = "{% for book in books %}{{ book.price }}{% endfor %}{{ authors.exists }}";
    check(
        &[
            ("shop/views.py", VIEW),
            ("templates/base.html", base),
            ("shop/templates/base.html", "{{ authors.exists }}"),
            ("shop/templates/shop/show.html", show),
            ("shop/templates/shop/books.html", books),
        ],
        &[
            "shop/views.py:6  FROM shop_author  in templates/base.html:2",
            "shop/views.py:6  FROM shop_author ORDER BY shop_author.id ASC LIMIT 1  in shop/templates/shop/show.html:2",
            "shop/views.py:6  FROM shop_book  in templates/base.html:1",
            "shop/views.py:6  FROM shop_book WHERE shop_book.author_id = %s  in shop/templates/shop/books.html:1",
        ],
    );
}

#[test]
fn tags_and_filters_of_the_project() {
    let show = "{% load shop %}{% cheapest as book %}\n{% for author in authors %}\n{% books_of author %}{{ author|written }}\n{% twice author %}{{ author.books.all|length }}{% endtwice %}{% endfor %}";
    check(
        &[
            ("shop/templatetags/__init__.py", ""),
            ("shop/templatetags/shop.py", TAGS),
            ("shop/views.py", VIEW),
            ("shop/templates/shop/show.html", show),
            ("shop/templates/shop/books.html", "{% for book in books %}{{ book.price }}{% endfor %}"),
        ],
        &[
            "shop/templatetags/shop.py:19  FROM shop_book WHERE shop_book.author_id = %s  in a loop  in shop/templates/shop/show.html:3",
            "shop/templatetags/shop.py:28  FROM shop_book WHERE shop_book.author_id = %s LIMIT 1  in a loop  in shop/templates/shop/show.html:4",
            "shop/templatetags/shop.py:29  FROM shop_book WHERE shop_book.author_id = %s  in a loop  in shop/templates/shop/show.html:4",
            "shop/templatetags/shop.py:9  FROM shop_book ORDER BY shop_book.price ASC LIMIT 1  in shop/templates/shop/show.html:1",
            "shop/views.py:6  FROM shop_author  in shop/templates/shop/show.html:2",
            "shop/views.py:6  FROM shop_book WHERE shop_book.author_id = %s  in a loop  in shop/templates/shop/books.html:1",
        ],
    );
}

const LIST: &str = "\
from django.views.generic import ListView
from shop.models import Book


class BookList(ListView):
    model = Book
";

#[test]
fn a_generic_view_is_rendered_when_it_has_returned() {
    let template = "{% for book in object_list %}\n{{ book.author.name }}{% endfor %}{{ all_authors.count }}";
    check(
        &[("shop/views.py", LIST), ("shop/templates/shop/book_list.html", template)],
        &[
            "shop/templates/shop/book_list.html:1  FROM shop_book  in shop/templates/shop/book_list.html:1",
            "shop/templates/shop/book_list.html:2  FROM shop_author  in shop/templates/shop/book_list.html:2",
            "shop/templates/shop/book_list.html:2  FROM shop_author WHERE shop_author.id = %s LIMIT 21  in a loop  in shop/templates/shop/book_list.html:2",
        ],
    );
}

#[test]
fn below_the_own_middleware_that_the_response_comes_through() {
    let middleware = "\
class Plain:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        return response
";
    let settings = format!("{SETTINGS}MIDDLEWARE = [\"shop.middleware.Plain\", \"django.middleware.Common\"]\n");
    check(
        &[
            ("settings.py", &settings),
            ("shop/middleware.py", middleware),
            ("shop/views.py", LIST),
            ("shop/templates/shop/book_list.html", "\n{% for book in book_list %}{% endfor %}"),
        ],
        &["shop/middleware.py:6  FROM shop_book  in shop/templates/shop/book_list.html:2"],
    );
}

#[test]
fn a_form_asks_for_the_choices_of_its_fields() {
    let view = "\
from django import forms
from django.shortcuts import render
from shop.models import Author


class Form(forms.Form):
    author = forms.ModelChoiceField(queryset=Author.objects.filter(name=\"x\"))


def show(request):
    return render(request, \"show.html\", {\"form\": Form()})
";
    let expected = "shop/views.py:11  FROM shop_author WHERE shop_author.name = %s  in templates/show.html:1";
    for template in
        ["{{ form }}", "{{ form.as_p }}", "{{ form.author }}", "{% for field in form %}{{ field }}{% endfor %}"]
    {
        check(&[("shop/views.py", view), ("templates/show.html", template)], &[expected]);
    }
}

#[test]
fn templates_that_include_themselves_end() {
    let template = "{{ books.count }}{% include \"shop/show.html\" %}{% extends \"shop/show.html\" %}";
    let found = workload(&[("shop/views.py", VIEW), ("shop/templates/shop/show.html", template)]);
    assert!(found.len() < 4, "{found:#?}");
}
