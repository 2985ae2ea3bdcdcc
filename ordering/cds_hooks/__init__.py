"""CDS Hooks 2.0: the guideline's advice inside an EHR, at the moment of ordering.

`records` reads FHIR leniently, `translate` makes answers of it by the bindings of the content, `cards` and
`ratings` make the answer; all four are pure. `views` is HTTP, `authentication` says who calls.
"""
