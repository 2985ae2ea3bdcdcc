"""What the FHIR service can do: the CapabilityStatement. Pure."""

from __future__ import annotations

from ordering.fhir.values import TERMINOLOGY, Json, resource

FHIR_VERSION = "4.0.1"
_CHANGED_ON = "2026-11-23"  # when this page last said something else
_CORE = "http://hl7.org/fhir/SearchParameter"

# resource type -> search parameter -> (type, what it takes); a type without parameters can only be read
RESOURCES: dict[str, dict[str, tuple[str, str]]] = {
    "ServiceRequest": {
        "_id": ("token", "The id."),
        "_lastUpdated": ("date", "When the order last changed."),
        "authored": ("date", "When the order was signed, or for a draft when it was saved."),
        "based-on": ("reference", "The order that is followed up."),
        "code": ("token", "The study: the portal's own code, or one that the guideline gives it."),
        "identifier": ("token", "The order number."),
        "intent": ("token", "Always order."),
        "patient": ("reference", "The patient; patient.identifier takes the medical record number."),
        "requester": ("reference", "Who ordered; requester.identifier takes the national number."),
        "requisition": ("token", "The requisition, one for each order."),
        "status": ("token", "The status."),
        "subject": ("reference", "The patient, as above."),
    },
    "Patient": {},
    "Practitioner": {},
    "GuidanceResponse": {},
    "Provenance": {"_id": ("token", "The id."), "target": ("reference", "The order. Required.")},
    "AuditEvent": {"_id": ("token", "The id."), "entity": ("reference", "The order. Required.")},
    "PlanDefinition": {},
    "ActivityDefinition": {},
}


def capability_statement(fhir: str, *, version: str) -> Json:
    """Return the CapabilityStatement of the service at this address."""
    return resource(
        "CapabilityStatement",
        id="imaging-ordering",
        url=f"{fhir}/metadata",
        version=version,
        name="ImagingOrderingPortal",
        title="Imaging ordering portal",
        status="active",
        date=_CHANGED_ON,
        description=(
            "Imaging orders with the advice they were placed on, to read. Searches by the parameters below; "
            "unknown ones are passed over unless Prefer: handling=strict."
        ),
        kind="instance",
        software={"name": "Imaging ordering portal", "version": version},
        implementation={"description": "Imaging ordering portal, FHIR R4", "url": fhir},
        fhirVersion=FHIR_VERSION,
        format=["application/fhir+json", "json"],
        rest=[
            {
                "mode": "server",
                "documentation": "Read only. Every refusal is an OperationOutcome.",
                "security": {
                    "cors": True,
                    "service": [
                        {
                            "coding": [
                                {
                                    "system": f"{TERMINOLOGY}/restful-security-service",
                                    "code": "SMART-on-FHIR",
                                    "display": "SMART-on-FHIR",
                                }
                            ],
                            "text": "SMART backend services",
                        }
                    ],
                    "description": (
                        "A bearer token of the portal with the scope orders:read, or a token of SMART "
                        "backend services: /.well-known/smart-configuration."
                    ),
                    "extension": [
                        {
                            "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
                            "extension": [{"url": "token", "valueUri": f"{fhir}/auth/token"}],
                        }
                    ],
                },
                "resource": [_resource(kind, parameters) for kind, parameters in RESOURCES.items()],
            }
        ],
    )


def _resource(kind: str, parameters: dict[str, tuple[str, str]]) -> Json:
    interactions = ["read", *(["search-type"] if parameters else [])]
    return {
        "type": kind,
        "interaction": [{"code": code} for code in interactions],
        "versioning": "versioned",
        "readHistory": False,
        "conditionalRead": "full-support",
        "searchParam": [
            {
                "name": name,
                "definition": None
                if name.startswith("_")
                else f"{_CORE}/{_DEFINITIONS.get((kind, name), f'{kind}-{name}')}",
                "type": sort,
                "documentation": said,
            }
            for name, (sort, said) in parameters.items()
        ],
    }


# some parameters are defined once for many resource types
_DEFINITIONS = {
    ("ServiceRequest", "code"): "clinical-code",
    ("ServiceRequest", "identifier"): "clinical-identifier",
    ("ServiceRequest", "patient"): "clinical-patient",
}
