"""Tools for those who write, verify and hand out the notebooks. No notebook imports them.

``execute`` runs notebooks, ``lint`` holds them to their shape. ``editions`` makes the copies for
students, ``lab`` opens them, ``leaks`` looks for solutions in them; ``slides`` makes decks,
``assignments`` prepares nbgrader's, ``grade`` marks what comes back, ``kit`` packs all of it for a
room without a network, and ``launch`` draws the buttons that open notebooks on hosted machines.
``elmo_vectorizer`` takes ELMo into a scikit-learn pipeline of your own.
"""
