"""The packages of the build: the root folder is `salient_crop`; each folder in it with an `__init__.py` is one too."""

from setuptools import find_packages, setup

NOT_SHIPPED = ("tests*", "benchmarks*", "training*")

setup(packages=["salient_crop", *(f"salient_crop.{name}" for name in find_packages(exclude=NOT_SHIPPED))])
