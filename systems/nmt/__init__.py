"""Neural machine translation: checkpoints of the Marian, NLLB and M2M-100 families, a cache of translations, training.

`checkpoint` reads what a checkpoint translates, `translator` translates with transformers or CTranslate2, `cache` keeps
translations between runs, `quality` counts what went visibly wrong, and `train` makes a small Marian model from text.
"""
