"""Tools for those who write, verify and hand out the notebooks. No notebook imports them.

``execute`` runs notebooks, ``lint`` holds them to their shape, ``editions`` makes the copies
for students.
"""
