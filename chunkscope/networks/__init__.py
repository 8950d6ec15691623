"""Networks whose parse is asked for: one readable file per architecture, seeds as an axis.

Import what you use from its own module; this file imports nothing, so that settings and site
names cost no torch:

- :mod:`~chunkscope.networks.settings`: what can be configured (no torch)
- :mod:`~chunkscope.networks.sites`: where activity is read or changed (no torch)
- :mod:`~chunkscope.networks.building`: ``build(settings, vocabulary, seeds)``
- :mod:`~chunkscope.networks.network`: what every network offers
- :mod:`~chunkscope.networks.recurrent`: the step loop; then ``affine``, ``tanh``, ``gru``, ``lstm``
- :mod:`~chunkscope.networks.transformer`: what ``gpt`` and ``crate`` share; their activity passes
  through ``taps``
- :mod:`~chunkscope.networks.huggingface`: any local Hugging Face model, tapped by ``hooks``; what
  its directory holds is looked at by ``directories`` (no torch)
- :mod:`~chunkscope.networks.scan`: the affine recurrence in blocks of time
- :mod:`~chunkscope.networks.edits`: changes of activity while a network runs
- :mod:`~chunkscope.networks.training`: ``train``, resumable
- :mod:`~chunkscope.networks.rollouts`: free running
- :mod:`~chunkscope.networks.checkpoints`: ``save_pretrained``, ``from_pretrained``
- :mod:`~chunkscope.networks.stock`: from and to ``torch.nn.RNN``, ``GRU`` and ``LSTM``
"""
