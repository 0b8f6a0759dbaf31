"""The course as a static site, from the stored notebooks: ``python -m course_tools.site``.

``pages`` makes a page of each notebook, ``sources`` the folder that Sphinx builds from,
``__main__`` runs Sphinx. Nothing is executed, and the site asks nothing of the network.
"""

TITLE = "Word vectors, from one-hot to ELMo"
