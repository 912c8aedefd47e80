"""Speaks to Shelfmark over NATS: sends commands and follows mirrors."""
