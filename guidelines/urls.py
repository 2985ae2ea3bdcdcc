"""Addresses of the guideline pages."""

from django.urls import path

from guidelines import views

urlpatterns = [
    path("guidelines/", views.guideline_list, name="guideline_list"),
    path("guidelines/<slug:slug>/", views.guideline_detail, name="guideline_detail"),
    path("guidelines/<slug:slug>/evidence/", views.guideline_evidence, name="guideline_evidence"),
    path(
        "guidelines/<slug:slug>/versions/<int:number>/evidence/",
        views.guideline_evidence,
        name="guideline_version_evidence",
    ),
    path("guidelines/<slug:slug>/versions/<int:number>/", views.guideline_version, name="guideline_version"),
]
