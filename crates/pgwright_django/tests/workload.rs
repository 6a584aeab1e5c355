//! What small projects send, place by place: the text, how often, why, and how sure it is.

mod shop;

use std::collections::BTreeSet;

use pgwright_django::queries::workload::{Certainty, Lazy};
use shop::{shop, shop_on, text};

const MODELS: &str = "\
from django.db import models


class BookQuerySet(models.QuerySet):
    def cheap(self):
        return self.filter(price__lt=10)


class BookManager(models.Manager.from_queryset(BookQuerySet)):
    def get_queryset(self):
        return super().get_queryset().filter(hidden=False)


class Author(models.Model):
    name = models.TextField()


class Book(models.Model):
    author = models.ForeignKey(Author, models.CASCADE, related_name=\"books\")
    price = models.IntegerField()
    hidden = models.BooleanField(default=False)

    objects = models.Manager()
    shown = BookManager()
";

const AUTHOR: &str = "\"shop_author\".\"id\", \"shop_author\".\"name\"";
const BOOK: &str =
    "\"shop_book\".\"id\", \"shop_book\".\"author_id\", \"shop_book\".\"price\", \"shop_book\".\"hidden\"";

/// A query of `shop/views.py`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sent {
    line: u32,
    sql: String,
    in_loop: bool,
    lazy: Option<Lazy>,
    confidence: Certainty,
}

impl Sent {
    fn in_loop(self) -> Sent {
        Sent { in_loop: true, ..self }
    }

    fn lazy(self, lazy: Lazy) -> Sent {
        Sent { lazy: Some(lazy), ..self }
    }
}

/// A query that certainly runs once. `AUTHOR` and `BOOK` in the text are all columns of these models.
fn sent(line: u32, sql: &str) -> Sent {
    let sql = sql.replace("AUTHOR", AUTHOR).replace("BOOK", BOOK);
    Sent { line, sql, in_loop: false, lazy: None, confidence: Certainty::Certain }
}

/// What the functions of `shop/views.py` send, in the order of lines. A text that is not known is its reason.
fn workload(models: &str, views: &str) -> Vec<Sent> {
    let shop = shop(&[("shop/models.py", models), ("shop/views.py", views)]);
    let all = &shop.project.workload;
    let places: BTreeSet<_> = all.queries.iter().map(|issued| issued.span).collect();
    let known: BTreeSet<_> = all.queries.iter().filter(|issued| issued.sql.is_ok()).map(|issued| issued.span).collect();
    assert_eq!((all.coverage.sites, all.coverage.resolved), (places.len(), known.len()));
    let own = shop.sent_from("shop/views.py");
    own.map(|issued| Sent {
        line: shop.line(issued),
        sql: text(issued),
        in_loop: issued.in_loop.is_some(),
        lazy: issued.lazy,
        confidence: issued.confidence,
    })
    .collect()
}

#[track_caller]
fn check(views: &str, expected: &[Sent]) {
    check_with("", views, expected);
}

/// The same with more models than [`MODELS`].
#[track_caller]
fn check_with(more: &str, views: &str, expected: &[Sent]) {
    let found = workload(&format!("{MODELS}{more}"), views);
    assert!(found == expected, "found {found:#?}\nexpected {expected:#?}");
}

#[test]
fn a_foreign_key_followed_in_a_loop() {
    let views = "\
from shop.models import Book

def names():
    for book in Book.objects.all():
        print(book.author.name)
";
    check(
        views,
        &[
            sent(4, "SELECT BOOK FROM \"shop_book\""),
            sent(5, "SELECT AUTHOR FROM \"shop_author\" WHERE \"shop_author\".\"id\" = %s LIMIT 21")
                .in_loop()
                .lazy(Lazy::ForeignKey),
        ],
    );
}

#[test]
fn a_foreign_key_that_was_selected_sends_nothing() {
    let views = "\
from shop.models import Book

def names():
    for book in Book.objects.select_related(\"author\"):
        print(book.author.name, book.author_id)
";
    let sql = "SELECT BOOK, AUTHOR FROM \"shop_book\" INNER JOIN \"shop_author\" ON (\"shop_book\".\"author_id\" = \"shop_author\".\"id\")";
    check(views, &[sent(4, sql)]);
}

#[test]
fn a_query_made_of_prefetched_rows_keeps_to_their_object() {
    let views = "\
from shop.models import Author

def names():
    for author in Author.objects.prefetch_related(\"books\"):
        print(author.books.first())
";
    let of_authors = "SELECT BOOK FROM \"shop_book\" WHERE \"shop_book\".\"author_id\" IN (%s)";
    let first = "SELECT BOOK FROM \"shop_book\" WHERE \"shop_book\".\"author_id\" = %s ORDER BY \"shop_book\".\"id\" ASC LIMIT 1";
    check(views, &[sent(4, "SELECT AUTHOR FROM \"shop_author\""), sent(4, of_authors), sent(5, first).in_loop()]);
}

/// As Django 4.2.8 and 5.2.19 have it.
#[test]
fn rows_that_a_table_says_of_itself_are_deleted_in_two_ways() {
    let views = "\
from shop.models import Book

def forget():
    Book.objects.filter(price=1).exclude(id__in=Book.objects.filter(price=1)).delete()
";
    let cheap = "IN (SELECT U0.\"id\" FROM \"shop_book\" U0 WHERE U0.\"price\" = %s)";
    let newer = format!("(\"shop_book\".\"price\" = %s AND NOT (\"shop_book\".\"id\" {cheap}))");
    let older = format!(
        "\"shop_book\".\"id\" IN (SELECT V0.\"id\" FROM \"shop_book\" V0 WHERE (V0.\"price\" = %s AND NOT (V0.\"id\" {cheap})))"
    );
    for (version, condition) in [((4, 2), older), ((5, 2), newer)] {
        let shop = shop_on(version, &[("shop/models.py", MODELS), ("shop/views.py", views)]);
        let sent: Vec<String> = shop.sent_from("shop/views.py").map(text).collect();
        assert_eq!(sent, [format!("DELETE FROM \"shop_book\" WHERE {condition}")], "{version:?}");
    }
}

#[test]
fn a_form_that_leaves_out_who_knows_what_is_likely_to_check_the_rest() {
    let views = "\
from shop.models import Book

def checked(request, fields):
    Book(price=1).full_clean(exclude=[\"author\"])
    Book(price=1).full_clean(exclude=fields)
    Book(price=1).full_clean()
";
    let author = "SELECT %s AS \"a\" FROM \"shop_author\" WHERE \"shop_author\".\"id\" = %s LIMIT 1";
    let likely = Sent { confidence: Certainty::Likely, ..sent(5, author) };
    check(views, &[likely, sent(6, author)]);
}

#[test]
fn relations_that_were_prefetched_send_nothing_more() {
    let views = "\
from shop.models import Author

def prices():
    for author in Author.objects.prefetch_related(\"books\"):
        for book in author.books.all():
            print(book.price)
";
    check(
        views,
        &[
            sent(4, "SELECT AUTHOR FROM \"shop_author\""),
            sent(4, "SELECT BOOK FROM \"shop_book\" WHERE \"shop_book\".\"author_id\" IN (%s)"),
        ],
    );
}

#[test]
fn rows_of_a_related_manager_know_its_object() {
    let views = "\
from shop.models import Author

def prices():
    for author in Author.objects.prefetch_related(\"books\"):
        for book in author.books.all():
            print(book.author.name)
";
    check(
        views,
        &[
            sent(4, "SELECT AUTHOR FROM \"shop_author\""),
            sent(4, "SELECT BOOK FROM \"shop_book\" WHERE \"shop_book\".\"author_id\" IN (%s)"),
        ],
    );
}

#[test]
fn every_way_to_filter_is_listed() {
    let views = "\
from shop.models import Book

def listed(request):
    books = Book.objects.all()
    if request.GET.get(\"cheap\"):
        books = books.filter(price__lt=10)
    return list(books)
";
    check(
        views,
        &[
            sent(7, "SELECT BOOK FROM \"shop_book\""),
            sent(7, "SELECT BOOK FROM \"shop_book\" WHERE \"shop_book\".\"price\" < %s"),
        ],
    );
}

#[test]
fn managers_and_querysets_of_the_project() {
    let views = "\
from shop.models import Book

def cheap():
    return Book.shown.cheap().count()
";
    let sql = "SELECT COUNT(*) AS \"__count\" FROM \"shop_book\" WHERE (NOT \"shop_book\".\"hidden\" AND \"shop_book\".\"price\" < %s)";
    check(views, &[sent(4, sql)]);
}

#[test]
fn a_related_manager() {
    let views = "\
from shop.models import Author

def books():
    author = Author.objects.get(pk=1)
    return list(author.books.filter(price=3))
";
    check(
        views,
        &[
            sent(4, "SELECT AUTHOR FROM \"shop_author\" WHERE \"shop_author\".\"id\" = %s LIMIT 21"),
            sent(
                5,
                "SELECT BOOK FROM \"shop_book\" WHERE (\"shop_book\".\"author_id\" = %s AND \"shop_book\".\"price\" = %s)",
            ),
        ],
    );
}

#[test]
fn a_function_view() {
    let views = "\
from django.shortcuts import get_object_or_404
from shop.models import Author

def author(request, pk):
    found = get_object_or_404(Author, pk=pk)
    return found
";
    check(views, &[sent(5, "SELECT AUTHOR FROM \"shop_author\" WHERE \"shop_author\".\"id\" = %s LIMIT 21")]);
}

#[test]
fn a_list_view() {
    let views = "\
from django.views.generic import ListView
from shop.models import Book

class Cheap(ListView):
    model = Book

    def get_queryset(self):
        return super().get_queryset().filter(price=1)

    def get_context_data(self, **kwargs):
        return {\"cheapest\": self.get_queryset().first()}
";
    let sql =
        "SELECT BOOK FROM \"shop_book\" WHERE \"shop_book\".\"price\" = %s ORDER BY \"shop_book\".\"id\" ASC LIMIT 1";
    check(views, &[sent(11, sql)]);
}

#[test]
fn helpers_are_followed_through_their_arguments() {
    let views = "\
from shop.models import Author, Book

def amount(rows, **wanted):
    return rows.filter(**wanted).count()

def both():
    return amount(Author.objects, name=\"x\") + amount(Book.objects, price=2)
";
    check(
        views,
        &[
            sent(4, "SELECT COUNT(*) AS \"__count\" FROM \"shop_author\" WHERE \"shop_author\".\"name\" = %s"),
            sent(4, "SELECT COUNT(*) AS \"__count\" FROM \"shop_book\" WHERE \"shop_book\".\"price\" = %s"),
        ],
    );
}

#[test]
fn who_hears_of_deletions_has_to_know_the_rows() {
    let models = "
from django.db.models.signals import post_delete
from django.dispatch import receiver


class Shelf(models.Model):
    books = models.ManyToManyField(Book)


@receiver(post_delete, sender=Book)
def forget(instance, **kwargs):
    pass


def forget_link(**kwargs):
    pass


post_delete.connect(forget_link, sender=Shelf.books.through)
";
    let views = "\
from shop.models import Author, Book, Shelf

def deleted(shelf: Shelf, author: Author):
    Author.objects.filter(name=\"x\").delete()
    shelf.books.clear()
";
    check_with(
        models,
        views,
        &[
            sent(4, "DELETE FROM \"shop_author\" WHERE \"shop_author\".\"id\" IN (%s)"),
            sent(4, "DELETE FROM \"shop_book\" WHERE \"shop_book\".\"id\" IN (%s)"),
            sent(4, "DELETE FROM \"shop_shelf_books\" WHERE \"shop_shelf_books\".\"id\" IN (%s)"),
            sent(4, "SELECT AUTHOR FROM \"shop_author\" WHERE \"shop_author\".\"name\" = %s"),
            sent(4, "SELECT BOOK FROM \"shop_book\" WHERE \"shop_book\".\"author_id\" IN (%s)"),
            sent(
                4,
                "SELECT \"shop_shelf_books\".\"id\", \"shop_shelf_books\".\"shelf_id\", \"shop_shelf_books\".\"book_id\" FROM \"shop_shelf_books\" WHERE \"shop_shelf_books\".\"book_id\" IN (%s)",
            ),
            sent(5, "DELETE FROM \"shop_shelf_books\" WHERE \"shop_shelf_books\".\"id\" IN (%s)"),
            sent(
                5,
                "SELECT \"shop_shelf_books\".\"id\", \"shop_shelf_books\".\"shelf_id\", \"shop_shelf_books\".\"book_id\" FROM \"shop_shelf_books\" WHERE \"shop_shelf_books\".\"shelf_id\" = %s",
            ),
        ],
    );
}

#[test]
fn receivers_are_run_for_their_senders() {
    let models = "
from django.apps import AppConfig
from django.db.models.signals import post_save


def count(instance, **kwargs):
    from shop.views import counted

    counted(instance)


post_save.connect(count, sender=Book)
";
    let views = "\
def counted(thing):
    return thing.author.books.count()
";
    check_with(
        models,
        views,
        &[
            sent(2, "SELECT AUTHOR FROM \"shop_author\" WHERE \"shop_author\".\"id\" = %s LIMIT 21")
                .lazy(Lazy::ForeignKey),
            sent(2, "SELECT COUNT(*) AS \"__count\" FROM \"shop_book\" WHERE \"shop_book\".\"author_id\" = %s"),
        ],
    );
}

#[test]
fn meta_knows_the_fields_of_a_model() {
    let views = "\
from django.db import models
from shop.models import Author, Book

def kept(book: Book):
    names = [field.name for field in book._meta.concrete_fields if not field.primary_key and not field.is_relation]
    book.save(update_fields=names)

def related(author: Author):
    for relation in author._meta.related_objects:
        if isinstance(relation.field, models.ForeignKey):
            getattr(author, relation.get_accessor_name()).count()

def filtered():
    field = Book._meta.get_field(\"author\")
    return field.related_model.objects.filter(**{field.target_field.name: 3}).exists()
";
    check(
        views,
        &[
            sent(6, "UPDATE \"shop_book\" SET \"price\" = %s, \"hidden\" = %s WHERE \"shop_book\".\"id\" = %s"),
            sent(11, "SELECT COUNT(*) AS \"__count\" FROM \"shop_book\" WHERE \"shop_book\".\"author_id\" = %s"),
            sent(15, "SELECT %s AS \"a\" FROM \"shop_author\" WHERE \"shop_author\".\"id\" = %s LIMIT 1"),
        ],
    );
}

#[test]
fn expressions_on_attributes_are_saved() {
    let views = "\
from django.db.models import F
from shop.models import Book

def raised(book: Book):
    book.price = F(\"price\") + 1
    book.save(update_fields=[\"price\"])
";
    let sql = "UPDATE \"shop_book\" SET \"price\" = (\"shop_book\".\"price\" + %s) WHERE \"shop_book\".\"id\" = %s";
    check(views, &[sent(6, sql)]);
}

#[test]
fn what_is_new_is_inserted_once() {
    let views = "\
from shop.models import Author

def made():
    for name in open(\"names\"):
        author = Author(name=name)
        if author.pk:
            author.books.count()
        author.save()
        author.save()

def copied(author: Author):
    author.pk = None
    author.save()
";
    let insert = "INSERT INTO \"shop_author\" (\"name\") VALUES (%s) RETURNING \"shop_author\".\"id\"";
    check(
        views,
        &[
            // Nothing is executed there, so that it is looked into as if the condition were open.
            Sent {
                confidence: Certainty::Likely,
                ..sent(7, "SELECT COUNT(*) AS \"__count\" FROM \"shop_book\" WHERE \"shop_book\".\"author_id\" = %s")
                    .in_loop()
            },
            sent(8, insert).in_loop(),
            sent(9, "UPDATE \"shop_author\" SET \"name\" = %s WHERE \"shop_author\".\"id\" = %s").in_loop(),
            sent(13, insert),
        ],
    );
}

#[test]
fn either_side_of_a_one_to_one_knows_the_other() {
    let models = "

class Profile(models.Model):
    author = models.OneToOneField(Author, models.CASCADE)
";
    let views = "\
from shop.models import Author, Book, Profile

def names(author: Author, profile: Profile):
    print(author.profile.author.name)
    print(profile.author.profile)

def shelved(author: Author):
    book = author.books.create(price=3)
    print(book.author.name)
";
    check_with(
        models,
        views,
        &[
            sent(
                4,
                "SELECT \"shop_profile\".\"id\", \"shop_profile\".\"author_id\" FROM \"shop_profile\" WHERE \"shop_profile\".\"author_id\" = %s LIMIT 21",
            )
            .lazy(Lazy::ReverseOneToOne),
            sent(5, "SELECT AUTHOR FROM \"shop_author\" WHERE \"shop_author\".\"id\" = %s LIMIT 21")
                .lazy(Lazy::ForeignKey),
            sent(
                8,
                "INSERT INTO \"shop_book\" (\"author_id\", \"price\", \"hidden\") VALUES (%s, %s, %s) RETURNING \"shop_book\".\"id\"",
            ),
        ],
    );
}

#[test]
fn sql_that_the_code_writes() {
    let views = "\
from django.db import connection

def refresh(name):
    with connection.cursor() as cursor:
        cursor.execute(\"REFRESH MATERIALIZED VIEW totals\")
        cursor.execute(name)
";
    check(
        views,
        &[
            sent(5, "REFRESH MATERIALIZED VIEW totals"),
            Sent { confidence: Certainty::Unknown, ..sent(6, "unknown: the text of the SQL is not known") },
        ],
    );
}

#[test]
fn a_saved_node_of_a_tree_leaves_its_place_alone() {
    let models = "
from mptt.models import MPTTModel


class Topic(MPTTModel):
    name = models.TextField()
    parent = models.ForeignKey(\"self\", models.CASCADE, null=True)
";
    let views = "\
from shop.models import Topic

def renamed():
    topic = Topic.objects.get(pk=1)
    topic.save()
";
    let found = workload(&format!("{MODELS}{models}"), views);
    let certain: Vec<&Sent> = found.iter().filter(|sent| sent.confidence == Certainty::Certain).collect();
    let columns = "\"shop_topic\".\"id\", \"shop_topic\".\"name\", \"shop_topic\".\"parent_id\", \"shop_topic\".\"lft\", \"shop_topic\".\"rght\", \"shop_topic\".\"tree_id\", \"shop_topic\".\"level\"";
    let expected = [
        sent(4, &format!("SELECT {columns} FROM \"shop_topic\" WHERE \"shop_topic\".\"id\" = %s LIMIT 21")),
        sent(5, "UPDATE \"shop_topic\" SET \"name\" = %s, \"parent_id\" = %s WHERE \"shop_topic\".\"id\" = %s"),
    ];
    assert_eq!(certain, expected.iter().collect::<Vec<_>>());
    assert!(found.len() > certain.len());
}

#[test]
fn get_or_create_reads_and_may_write() {
    let views = "\
from shop.models import Author

def author():
    return Author.objects.get_or_create(name=\"x\")
";
    check(
        views,
        &[
            sent(4, "INSERT INTO \"shop_author\" (\"name\") VALUES (%s) RETURNING \"shop_author\".\"id\""),
            sent(4, "SELECT AUTHOR FROM \"shop_author\" WHERE \"shop_author\".\"name\" = %s LIMIT 21"),
        ],
    );
}

#[test]
fn trouble_ends_and_hides_nothing_before_it() {
    let mut views = "\
from shop.models import Author

def deep(rows, n):
    Author.objects.filter(name=\"deep\").exists()
    return deep(rows, n + 1)

def ping(n):
    Author.objects.filter(name=\"ping\").exists()
    return pong(n) + pong(n + 1)

def pong(n):
    return ping(n) + ping(n + 1)

def branches():
    Author.objects.filter(name=\"branches\").exists()
    rows = Author.objects.all()
"
    .to_owned();
    for number in 0..40 {
        views.push_str(&format!("    if unknown():\n        rows = rows.exclude(pk={number})\n"));
    }
    views.push_str("    return list(rows)\n\ndef long():\n    Author.objects.filter(name=\"long\").exists()\n");
    for number in 0..5000 {
        views.push_str(&format!("    name_{number} = Author.objects.filter(pk={number})\n"));
    }
    views.push_str("\ndef loops():\n    Author.objects.filter(name=\"loops\").exists()\n");
    for depth in 0..10 {
        let indent = "    ".repeat(depth + 1);
        views.push_str(&format!("{indent}for row_{depth} in Author.objects.exclude(pk={depth}):\n"));
    }
    views.push_str(&format!("{}print(row_9.books.count())\n", "    ".repeat(11)));

    let found = workload(MODELS, &views);
    let sql = "SELECT %s AS \"a\" FROM \"shop_author\" WHERE \"shop_author\".\"name\" = %s LIMIT 1";
    for (number, line) in views.lines().enumerate() {
        if line.ends_with(".exists()") {
            let number = u32::try_from(number + 1).expect("a line number");
            let there = found.iter().find(|sent| sent.line == number && sent.sql.contains("\"name\""));
            assert_eq!(
                there.map(|sent| sent.sql.replace("SELECT 1 AS", "SELECT %s AS")).as_deref(),
                Some(sql),
                "{line}"
            );
        }
    }
}

/// A call is not executed again where it would read the same; what it sends is listed for each place all the same.
#[test]
fn a_helper_called_often_sends_at_its_own_place_and_at_each_callers() {
    let views = "\
from shop.models import Author, Book

def cheap(author):
    print(author.books.count())
    return Book.objects.filter(price__lt=3)

def once():
    return list(cheap(Author.objects.get(name=\"a\")))

def again():
    found = cheap(Author.objects.get(name=\"a\"))
    for book in found:
        print(len(cheap(Author.objects.get(name=\"a\"))))
";
    let count = "SELECT COUNT(*) AS \"__count\" FROM \"shop_book\" WHERE \"shop_book\".\"author_id\" = %s";
    let get = "SELECT AUTHOR FROM \"shop_author\" WHERE \"shop_author\".\"name\" = %s LIMIT 21";
    let list = "SELECT BOOK FROM \"shop_book\" WHERE \"shop_book\".\"price\" < %s";
    check(
        views,
        &[
            sent(4, count).in_loop(),
            sent(8, list),
            sent(8, get),
            sent(11, get),
            sent(12, list),
            sent(13, list).in_loop(),
            sent(13, get).in_loop(),
        ],
    );
}
