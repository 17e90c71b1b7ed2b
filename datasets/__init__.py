"""Files around pictures: which are pictures, their captions and masks, names, duplicates, manifests, dataset formats."""
