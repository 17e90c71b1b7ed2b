"""What finds subjects in pictures: the contract, and the decoding of network outputs into boxes."""
