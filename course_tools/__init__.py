"""Tools for those who write, verify and hand out the notebooks. No notebook imports them.

``execute`` runs notebooks, ``lint`` holds them to their shape, ``metadata`` derives what other
tools read in them. ``editions`` makes the copies for students, ``leaks`` looks for solutions in
them; ``slides`` makes decks, ``grade`` marks what comes back, ``kit`` packs all of it for a room
without a network, and ``launch`` draws the buttons that open notebooks on hosted machines.
``elmo_vectorizer`` takes ELMo into a scikit-learn pipeline of your own.
"""
