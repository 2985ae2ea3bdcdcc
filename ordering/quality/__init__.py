"""How ordering goes: measures over orders and advice without patient data, and the account of consultations.

docs/quality.md defines each measure, docs/accounting.md the account.
"""
