"""Grading without nbgrader: what ``python -m course_tools.grade`` is made of.

Three kinds of processes isolate a submission from its grading. The grader (``grade``) reads the
files. A *checker* (``check``) for each submission runs the checks of the master notebook; it never
runs a line of the submission. An *answer* (``answer``) for each exercise runs the student's
function in a sandbox (``sandbox``), and only plain values pass between the two (``values``).
"""
