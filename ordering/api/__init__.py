"""REST for other systems: translate in, act, translate out.

The contract is docs/api.md and the OpenAPI document.
"""
