"""Events for the world outside, written in the transaction of the change they tell of.

`record` is called by actions, in the transaction that changes something; what is rolled back was never said.
A job in the same transaction then tells the listeners (`listen`), which deliver. `feed` reads the events in
the order of their commits, for those who would rather ask.
"""

from portal.outbox.recording import Listener, announce, listen, record

__all__ = ["Listener", "announce", "listen", "record"]
