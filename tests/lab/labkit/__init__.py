"""The lab: an internet on loopback whose every answer follows from a documented rule."""
