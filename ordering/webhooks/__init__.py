"""Webhooks: who is told of events, what was sent, and how it went.

`actions` writes, `history` reads, `payload` says what is sent, `sending` sends it, `lanes` keeps the order of
things, `destinations` refuses addresses that are not for us to call. docs/webhooks.md is for receivers.
"""
