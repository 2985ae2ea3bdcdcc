"""Dates with the month as a word and times of 24 hours: never to be mistaken for another day."""

DATE_FORMAT = "d-M-Y"
SHORT_DATE_FORMAT = DATE_FORMAT
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "d-M-Y H:i"
SHORT_DATETIME_FORMAT = DATETIME_FORMAT
