"""Benchmarks of the product: answer quality and speed. Each module is one command; figures are ratios.

`corpora` reads test sets, `product` runs the product on them, `baselines` runs others, `metrics` judges both alike.
"""
