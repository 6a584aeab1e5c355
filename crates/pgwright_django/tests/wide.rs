//! Objects of which only an ancestor of their model is known: what is sent for one is sent for each model it may be of.

mod shop;

use pgwright_django::queries::workload::Certainty;
use shop::{shop, text};

const MODELS: &str = "\
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Page(models.Model):
    title = models.TextField()
    content_type = models.ForeignKey(ContentType, models.CASCADE)

    @property
    def specific_class(self):
        return ContentType.objects.get_for_id(self.content_type_id).model_class()

    @property
    def specific(self):
        if isinstance(self, self.specific_class):
            return self
        return self.specific_class._default_manager.get(id=self.id)


class News(Page):
    day = models.DateField()


class Log(models.Model):
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveIntegerField()
    target = GenericForeignKey()


class Logged(models.Model):
    logs = GenericRelation(Log)

    class Meta:
        abstract = True


class Tag(Logged):
    name = models.TextField()


class Link(Logged):
    url = models.TextField()
";

/// Line and text of what `shop/views.py` sends.
#[track_caller]
fn check(views: &str, expected: &[(u32, &str)]) {
    let shop = shop(&[("shop/models.py", MODELS), ("shop/views.py", views)]);
    let mut found: Vec<(u32, String)> = shop
        .sent_from("shop/views.py")
        .map(|issued| {
            let sql = text(issued)
                .replace("\"shop_page\".\"id\", \"shop_page\".\"title\", \"shop_page\".\"content_type_id\"", "PAGE")
                .replace("PAGE, \"shop_news\".\"page_ptr_id\", \"shop_news\".\"day\"", "NEWS")
                .replace('"', "");
            let sure = if issued.confidence == Certainty::Certain { "" } else { "likely " };
            (shop.line(issued), format!("{sure}{sql}"))
        })
        .collect();
    found.sort();
    let expected: Vec<(u32, String)> = expected.iter().map(|(line, sql)| (*line, (*sql).to_owned())).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_content_type_beside_no_key_is_of_an_heir() {
    check(
        "\
from shop.models import Page

def show(pk):
    page = Page.objects.get(pk=pk).specific
    page.delete()
",
        &[
            (4, "SELECT PAGE FROM shop_page WHERE shop_page.id = %s LIMIT 21"),
            (5, "likely DELETE FROM shop_news WHERE shop_news.page_ptr_id IN (%s)"),
            (5, "likely DELETE FROM shop_page WHERE shop_page.id IN (%s)"),
        ],
    );
}

#[test]
fn a_generic_key_leads_to_what_has_its_relation() {
    check(
        "\
from shop.models import Log

def show(log: Log):
    log.target.save()
",
        &[
            (4, "likely SELECT shop_link.id, shop_link.url FROM shop_link WHERE shop_link.id = %s LIMIT 21"),
            (4, "likely SELECT shop_tag.id, shop_tag.name FROM shop_tag WHERE shop_tag.id = %s LIMIT 21"),
            (4, "likely UPDATE shop_link SET url = %s WHERE shop_link.id = %s"),
            (4, "likely UPDATE shop_tag SET name = %s WHERE shop_tag.id = %s"),
        ],
    );
}

#[test]
fn a_model_that_is_asked_for_by_name_may_be_any() {
    check(
        "\
from django.apps import apps

def count(app, name):
    return apps.get_model(app, name).objects.filter(pk__gt=4).count()
",
        &[
            (4, "likely SELECT COUNT(*) AS __count FROM shop_link WHERE shop_link.id > %s"),
            (4, "likely SELECT COUNT(*) AS __count FROM shop_log WHERE shop_log.id > %s"),
            (4, "likely SELECT COUNT(*) AS __count FROM shop_news WHERE shop_news.page_ptr_id > %s"),
            (4, "likely SELECT COUNT(*) AS __count FROM shop_page WHERE shop_page.id > %s"),
            (4, "likely SELECT COUNT(*) AS __count FROM shop_tag WHERE shop_tag.id > %s"),
        ],
    );
}

#[test]
fn rows_are_what_a_queryset_s_own_iterable_makes_of_them() {
    check(
        "\
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.query import ModelIterable
from shop.models import Page

class Specific(ModelIterable):
    def __iter__(self):
        rows = self.queryset.values(\"pk\", \"content_type\", *self.queryset.query.annotation_select)
        for row in rows:
            model = ContentType.objects.get_for_id(row[\"content_type\"]).model_class()
            yield from model.objects.filter(pk=row[\"pk\"])

def first():
    queryset = models.QuerySet(Page).filter(title=\"a\")
    queryset._iterable_class = Specific
    queryset.order_by(\"title\").first()
    return queryset.values_list(\"pk\").get()
",
        &[
            (
                9,
                "SELECT shop_page.id AS pk, shop_page.content_type_id AS content_type FROM shop_page \
                 WHERE shop_page.title = %s ORDER BY shop_page.title ASC LIMIT 1",
            ),
            (
                10,
                "SELECT django_content_type.id, django_content_type.app_label, django_content_type.model \
                 FROM django_content_type WHERE django_content_type.id = %s LIMIT 21",
            ),
            (
                11,
                "likely SELECT NEWS FROM shop_news INNER JOIN shop_page ON (shop_news.page_ptr_id = shop_page.id) \
                 WHERE shop_news.page_ptr_id = %s",
            ),
            (11, "likely SELECT PAGE FROM shop_page WHERE shop_page.id = %s"),
            // Run alone, it has rows of any model.
            (11, "likely SELECT shop_link.id, shop_link.url FROM shop_link WHERE shop_link.id = %s"),
            (
                11,
                "likely SELECT shop_log.id, shop_log.content_type_id, shop_log.object_id FROM shop_log \
                 WHERE shop_log.id = %s",
            ),
            (11, "likely SELECT shop_tag.id, shop_tag.name FROM shop_tag WHERE shop_tag.id = %s"),
            (17, "SELECT shop_page.id AS pk FROM shop_page WHERE shop_page.title = %s LIMIT 21"),
        ],
    );
}

#[test]
fn tasks_run_where_they_are_put_in_the_queue() {
    check(
        "\
from django.tasks import task
from shop import models

def look(instance):
    apply(instance._meta.app_label, instance._meta.model_name)

@task()
def apply(app_label, model_name):
    from django.apps import apps
    apps.get_model(app_label, model_name).objects.count()

def start(page: models.Page):
    apply.enqueue(page.specific._meta.app_label, page.specific._meta.model_name)
",
        &[(10, "SELECT COUNT(*) AS __count FROM shop_page")],
    );
}
