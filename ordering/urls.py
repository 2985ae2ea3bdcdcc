"""Addresses of the clinician's pages. They hold identifiers that mean nothing outside, never patient data."""

from django.urls import include, path

from ordering.views import (
    amendments,
    audit_record,
    findings,
    guideline_fhir,
    keeping,
    new_order,
    orders,
    patients,
    preview,
    prints,
    prior_studies,
    review,
    study_choice,
    transitions,
    worklist,
)

urlpatterns = [
    path("", worklist.worklist, name="worklist"),
    path(
        "guidelines/<slug:slug>/versions/<int:number>/fhir/",
        guideline_fhir.guideline_fhir,
        name="guideline_fhir",
    ),
    # patients
    path("patients/", patients.patient_search_page, name="patient_search"),
    path("patients/new/", patients.patient_new, name="patient_new"),
    path("patients/<uuid:pk>/", patients.patient_detail, name="patient_detail"),
    path("patients/<uuid:pk>/prior-studies/new/", prior_studies.prior_study_new, name="prior_study_new"),
    path("prior-studies/<uuid:pk>/strike/", prior_studies.prior_study_strike, name="prior_study_strike"),
    # step 1: patient, scenario and answers
    path("orders/new/", new_order.order_start, name="order_start"),
    path(
        "orders/new/<uuid:patient>/without-scenario/",
        new_order.order_without_scenario,
        name="order_without_scenario",
    ),
    path("orders/new/<uuid:patient>/<slug:slug>/", new_order.order_new, name="order_new"),
    path(
        "orders/new/<uuid:patient>/<slug:slug>/so-far/",
        new_order.order_suggestion_fragment,
        name="order_suggestion_fragment",
    ),
    path("orders/new/<uuid:patient>/<slug:slug>/keep/", keeping.answers_keep, name="answers_keep"),
    path("orders/new/<uuid:patient>/<slug:slug>/forget/", keeping.answers_forget, name="answers_forget"),
    path("scenarios/<slug:slug>/favourite/", keeping.scenario_favourite, name="scenario_favourite"),
    # step 2: the suggested study
    path("consultations/<uuid:pk>/", study_choice.suggestion, name="suggestion"),
    path("consultations/<uuid:pk>/choose/", study_choice.study_choose, name="study_choose"),
    path("consultations/<uuid:pk>/again/", study_choice.ask_again, name="ask_again"),
    path("consultations/<uuid:pk>/answer/", study_choice.answer_one, name="answer_one"),
    # steps 1 and 2 of a guideline that is not in use, for its editors
    path("preview/<int:version>/", preview.preview_questions, name="guideline_preview"),
    path("preview/<int:version>/so-far/", preview.preview_so_far, name="guideline_preview_so_far"),
    path(
        "preview/<int:version>/suggestion/", preview.preview_suggestion, name="guideline_preview_suggestion"
    ),
    # step 3: review and sign
    path("orders/<uuid:pk>/review/", review.order_review, name="order_review"),
    path("orders/<uuid:pk>/sign/", review.order_sign, name="order_sign"),
    path("orders/<uuid:pk>/signed/", review.order_signed, name="order_signed"),
    path("quality/", include("ordering.quality.urls")),
    # orders: the history, one order, what can be done with it
    path("orders/", orders.order_list, name="order_list"),
    path("orders/<uuid:pk>/", orders.order_detail, name="order_detail"),
    path("orders/<uuid:pk>/advice/", orders.order_advice, name="order_advice"),
    path("orders/<uuid:pk>/trail/", orders.order_trail, name="order_trail"),
    # what leaves on paper
    path("orders/<uuid:pk>/requisition/", prints.requisition, name="requisition"),
    path("orders/<uuid:pk>/requisition.pdf", prints.requisition_file, name="requisition_pdf"),
    path("orders/<uuid:pk>/leaflet/", prints.leaflet, name="leaflet"),
    path("orders/<uuid:pk>/leaflet.pdf", prints.leaflet_file, name="leaflet_pdf"),
    path("orders/<uuid:pk>/findings/", findings.order_finding, name="order_finding"),
    path("orders/<uuid:pk>/acknowledge/", findings.finding_acknowledge, name="finding_acknowledge"),
    path("orders/<uuid:pk>/audit.json", audit_record.order_audit_json, name="order_audit_json"),
    path("orders/<uuid:pk>/audit.csv", audit_record.order_audit_csv, name="order_audit_csv"),
    path("orders/<uuid:pk>/amend/", amendments.order_amend, name="order_amend"),
    path("orders/<uuid:pk>/cancel/", transitions.order_cancel, name="order_cancel"),
    path("orders/<uuid:pk>/hold/", transitions.order_hold, name="order_hold"),
    path("orders/<uuid:pk>/resume/", transitions.order_resume, name="order_resume"),
    path(
        "orders/<uuid:pk>/entered-in-error/",
        transitions.order_entered_in_error,
        name="order_entered_in_error",
    ),
]
