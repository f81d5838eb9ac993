"""A site made of units: each is made again only when what it follows from has changed."""

from gitrack.site.incremental.record import RecordFile
from gitrack.site.incremental.unit import Made, Unit, key_of
from gitrack.site.incremental.workshop import Workshop, workshop

__all__ = ["Made", "RecordFile", "Unit", "Workshop", "key_of", "workshop"]
