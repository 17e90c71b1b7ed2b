"""Files around pictures: which are pictures, captions, masks, names, duplicates, manifests, dataset formats."""
