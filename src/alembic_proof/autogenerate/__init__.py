"""What autogenerate compares, and what a new revision may contain. Raises CommandError where a release is too old."""

from .. import upstream

upstream.require_releases()
