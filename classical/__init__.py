"""The classical half: a distance-attention transformer. Empty in this version."""
