//! What frameworks send on a project's behalf: views, forms, filters, serializers, middleware.

mod shop;

use pgwright_django::queries::workload::Certainty;
use shop::{SETTINGS, shop, text};

const MIDDLEWARE_SETTING: &str = "MIDDLEWARE = [\"shop.middleware.Outer\", \"shop.middleware.inner\", \"django.middleware.common.CommonMiddleware\"]\n";
const MODELS: &str = "\
from django.db import models
from django_scopes import ScopedManager


class Author(models.Model):
    name = models.TextField()


class Book(models.Model):
    author = models.ForeignKey(Author, models.CASCADE, related_name=\"books\")
    title = models.TextField(unique=True)


class Note(models.Model):
    author = models.ForeignKey(Author, models.CASCADE)
    objects = ScopedManager(author=\"author\")
";
const MIDDLEWARE: &str = "\
class Outer:
    def __init__(self, get_response):
        self.get_response = get_response
    def __call__(self, request):
        return self.get_response(request)

def inner(get_response):
    def middleware(request):
        return get_response(request)
    return middleware
";

/// Line, text and certainty of what `FILE` sends; the texts' columns as `*`.
fn sent(views: &str, file: &str) -> Vec<(u32, String, Certainty)> {
    let settings = format!("{SETTINGS}{MIDDLEWARE_SETTING}");
    let shop = shop(&[
        ("settings.py", &settings),
        ("shop/middleware.py", MIDDLEWARE),
        ("shop/models.py", MODELS),
        ("shop/views.py", views),
    ]);
    let own = shop.sent_from(file);
    own.map(|issued| {
        let sql = text(issued)
            .replace("\"shop_author\".\"id\", \"shop_author\".\"name\"", "*")
            .replace("\"shop_book\".\"id\", \"shop_book\".\"author_id\", \"shop_book\".\"title\"", "*")
            .replace("\"shop_note\".\"id\", \"shop_note\".\"author_id\"", "*");
        (shop.line(issued), sql, issued.confidence)
    })
    .collect()
}

#[track_caller]
fn check(views: &str, expected: &[(u32, &str)]) {
    let mut found: Vec<(u32, String)> =
        sent(views, "shop/views.py").into_iter().map(|(line, sql, _)| (line, sql)).collect();
    let mut expected: Vec<(u32, String)> = expected.iter().map(|(line, sql)| (*line, (*sql).to_owned())).collect();
    found.sort();
    expected.sort();
    assert!(found == expected, "found {found:#?}\nexpected {expected:#?}");
}

#[test]
fn a_page_is_counted_once_and_then_loaded() {
    let views = "\
from django.core.paginator import Paginator
from shop.models import Author

def page(request):
    page = Paginator(Author.objects.order_by(\"pk\"), 10).page(request.GET.get(\"page\"))
    page.has_next()
    return list(page)
";
    check(
        views,
        &[
            (5, "SELECT COUNT(*) AS \"__count\" FROM \"shop_author\""),
            (7, "SELECT * FROM \"shop_author\" ORDER BY \"shop_author\".\"id\" ASC LIMIT %s"),
            (7, "SELECT * FROM \"shop_author\" ORDER BY \"shop_author\".\"id\" ASC LIMIT %s OFFSET %s"),
        ],
    );
}

#[test]
fn a_list_view_counts_where_its_own_method_calls_the_framework() {
    let views = "\
from django.views.generic import ListView
from shop.models import Author

class Authors(ListView):
    model = Author
    paginate_by = 20

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs)
";
    check(views, &[(9, "SELECT COUNT(*) AS \"__count\" FROM \"shop_author\"")]);
}

#[test]
fn what_only_django_does_is_sent_from_the_innermost_middleware() {
    let views = "\
from django.views.generic import DetailView
from shop.models import Author

class Detail(DetailView):
    model = Author
";
    assert_eq!(
        sent(views, "shop/middleware.py"),
        [(
            9,
            "SELECT * FROM \"shop_author\" WHERE \"shop_author\".\"id\" = %s LIMIT 21".to_owned(),
            Certainty::Certain
        )]
    );
}

#[test]
fn a_model_form_checks_keys_and_what_is_unique() {
    let views = "\
from django import forms
from shop.models import Book

class BookForm(forms.ModelForm):
    class Meta:
        model = Book
        fields = [\"author\", \"title\"]

def create(request):
    form = BookForm(request.POST)
    if form.is_valid():
        form.save()
";
    check(
        views,
        &[
            (11, "SELECT %s AS \"a\" FROM \"shop_author\" WHERE \"shop_author\".\"id\" = %s LIMIT 1"),
            (11, "SELECT %s AS \"a\" FROM \"shop_book\" WHERE \"shop_book\".\"title\" = %s LIMIT 1"),
            (
                11,
                "SELECT %s AS \"a\" FROM \"shop_book\" WHERE (\"shop_book\".\"title\" = %s AND NOT (\"shop_book\".\"id\" = %s)) LIMIT 1",
            ),
            (11, "SELECT * FROM \"shop_author\" WHERE \"shop_author\".\"id\" = %s LIMIT 21"),
            (12, "INSERT INTO \"shop_book\" (\"author_id\", \"title\") VALUES (%s, %s) RETURNING \"shop_book\".\"id\""),
        ],
    );
}

#[test]
fn an_inline_formset_loads_updates_and_inserts_its_rows() {
    let views = "\
from django.forms import inlineformset_factory
from shop.models import Author, Book

def edit(request, author: Author):
    formset = inlineformset_factory(Author, Book, fields=[\"title\"])(request.POST, instance=author)
    for form in formset.forms:
        form.is_valid()
    formset.save()
";
    check(
        views,
        &[
            (6, "SELECT * FROM \"shop_book\" WHERE \"shop_book\".\"author_id\" = %s ORDER BY \"shop_book\".\"id\" ASC"),
            (7, "SELECT %s AS \"a\" FROM \"shop_book\" WHERE \"shop_book\".\"title\" = %s LIMIT 1"),
            (
                7,
                "SELECT %s AS \"a\" FROM \"shop_book\" WHERE (\"shop_book\".\"title\" = %s AND NOT (\"shop_book\".\"id\" = %s)) LIMIT 1",
            ),
            (7, "SELECT * FROM \"shop_book\" WHERE \"shop_book\".\"id\" = %s LIMIT 21"),
            (8, "DELETE FROM \"shop_book\" WHERE \"shop_book\".\"id\" IN (%s)"),
            (8, "INSERT INTO \"shop_book\" (\"author_id\", \"title\") VALUES (%s, %s) RETURNING \"shop_book\".\"id\""),
            (8, "UPDATE \"shop_book\" SET \"author_id\" = %s, \"title\" = %s WHERE \"shop_book\".\"id\" = %s"),
        ],
    );
}

#[test]
fn a_scope_filters_unless_it_is_disabled() {
    let views = "\
from django_scopes import scope, scopes_disabled
from shop.models import Note

def scoped(author):
    with scope(author=author):
        Note.objects.count()
    with scopes_disabled():
        Note.objects.count()
    Note.objects.count()
";
    let all = "SELECT COUNT(*) AS \"__count\" FROM \"shop_note\"";
    let one = "SELECT COUNT(*) AS \"__count\" FROM \"shop_note\" WHERE \"shop_note\".\"author_id\" = %s";
    assert_eq!(
        sent(views, "shop/views.py"),
        [
            (6, one.to_owned(), Certainty::Certain),
            (8, all.to_owned(), Certainty::Certain),
            (9, all.to_owned(), Certainty::Likely),
            (9, one.to_owned(), Certainty::Likely),
        ]
    );
}

#[test]
fn what_is_prefetched_does_not_change_the_rows_query() {
    let views = "\
from shop.models import Author

def authors(request):
    return list(Author.objects.prefetch_related(*request.GET.getlist(\"with\")))
";
    check(views, &[(4, "SELECT * FROM \"shop_author\"")]);
}

const API: &str = "\
from rest_framework import filters, serializers, viewsets
from shop.models import Author, Book

class BookSerializer(serializers.ModelSerializer):
    class Meta:
        model = Book
        fields = [\"author\", \"title\"]

class Books(viewsets.ModelViewSet):
    queryset = Book.objects.all()
    serializer_class = BookSerializer
    filter_backends = [filters.SearchFilter]
    pagination_class = None
    search_fields = [\"title\", \"^author__name\"]

    def list(self, request):
        return super().list(request)
    def create(self, request):
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid()

class AuthorSerializer(serializers.ModelSerializer):
    class Meta:
        model = Author
        fields = [\"name\"]

def not_unique(data):
    AuthorSerializer(data=data).is_valid()
";

#[test]
fn a_viewset_searches_and_validates() {
    check(
        API,
        &[
            // What the framework does for the class, with none of its own methods under way.
            (9, "DELETE FROM \"shop_book\" WHERE \"shop_book\".\"id\" IN (%s)"),
            (9, "INSERT INTO \"shop_book\" (\"author_id\", \"title\") VALUES (%s, %s) RETURNING \"shop_book\".\"id\""),
            (9, "SELECT %s AS \"a\" FROM \"shop_book\" WHERE \"shop_book\".\"title\" = %s LIMIT 1"),
            (
                9,
                "SELECT %s AS \"a\" FROM \"shop_book\" WHERE (\"shop_book\".\"title\" = %s AND NOT (\"shop_book\".\"id\" = %s)) LIMIT 1",
            ),
            (9, "SELECT * FROM \"shop_author\" WHERE \"shop_author\".\"id\" = %s LIMIT 21"),
            (
                9,
                "SELECT * FROM \"shop_book\" INNER JOIN \"shop_author\" ON (\"shop_book\".\"author_id\" = \"shop_author\".\"id\") \
                 WHERE ((UPPER(\"shop_book\".\"title\"::text) LIKE UPPER(%s) OR UPPER(\"shop_author\".\"name\"::text) LIKE UPPER(%s)) \
                 AND \"shop_book\".\"id\" = %s) LIMIT 21",
            ),
            (9, "SELECT * FROM \"shop_book\" WHERE \"shop_book\".\"id\" = %s LIMIT 21"),
            (9, "UPDATE \"shop_book\" SET \"author_id\" = %s, \"title\" = %s WHERE \"shop_book\".\"id\" = %s"),
            (17, "SELECT * FROM \"shop_book\""),
            (
                17,
                "SELECT * FROM \"shop_book\" INNER JOIN \"shop_author\" ON (\"shop_book\".\"author_id\" = \"shop_author\".\"id\") \
              WHERE (UPPER(\"shop_book\".\"title\"::text) LIKE UPPER(%s) OR UPPER(\"shop_author\".\"name\"::text) LIKE UPPER(%s))",
            ),
            (20, "SELECT %s AS \"a\" FROM \"shop_book\" WHERE \"shop_book\".\"title\" = %s LIMIT 1"),
            (20, "SELECT * FROM \"shop_author\" WHERE \"shop_author\".\"id\" = %s LIMIT 21"),
        ],
    );
}
