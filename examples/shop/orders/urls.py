from django.urls import include, path
from rest_framework.routers import DefaultRouter

from orders import views

router = DefaultRouter()
router.register("slow", views.SlowOrderViewSet, basename="slow-order")
router.register("orders", views.OrderViewSet, basename="order")
router.register("lines", views.OrderLineViewSet, basename="line")

urlpatterns = [
    path("api/", include(router.urls)),
    path("emails/", views.emails, name="emails"),
    path("emails/joined/", views.emails_joined, name="emails-joined"),
    path("report/", views.report, name="report"),
    path("report/prefetched/", views.report_prefetched, name="report-prefetched"),
    path("revenue/", views.revenue, name="revenue"),
    path("revenue/aggregated/", views.revenue_aggregated, name="revenue-aggregated"),
    path("<str:number>/paid/", views.mark_paid, name="mark-paid"),
]
