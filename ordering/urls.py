"""Addresses of the clinician's pages. They hold identifiers that mean nothing outside, never patient data."""

from django.urls import path

from ordering.views import new_order, review, study_choice

urlpatterns = [
    # step 1: patient, scenario and answers
    path("orders/new/", new_order.order_start, name="order_start"),
    path("orders/new/<uuid:patient>/<slug:slug>/", new_order.order_new, name="order_new"),
    path(
        "orders/new/<uuid:patient>/<slug:slug>/so-far/",
        new_order.order_suggestion_fragment,
        name="order_suggestion_fragment",
    ),
    # step 2: the suggested study
    path("consultations/<uuid:pk>/", study_choice.suggestion, name="suggestion"),
    path("consultations/<uuid:pk>/choose/", study_choice.study_choose, name="study_choose"),
    path("consultations/<uuid:pk>/again/", study_choice.ask_again, name="ask_again"),
    # step 3: review and sign
    path("orders/<uuid:pk>/review/", review.order_review, name="order_review"),
    path("orders/<uuid:pk>/sign/", review.order_sign, name="order_sign"),
    path("orders/<uuid:pk>/signed/", review.order_signed, name="order_signed"),
]
