"""Which models a widget offers."""

from segkit import models


def present_models():
    """The names of the segmentation models whose files are on this machine; no download."""
    return [name for name, model in models.catalogue().items()
            if model.task == "segment" and models.find(name)[0]]


def model_choices(model):
    """(models to choose from, the one to begin with)."""
    here = present_models()
    if model is not None:
        chosen = str(model)
    elif here:
        chosen = models.default() if models.default() in here else here[0]
    else:
        chosen = models.default()
        models.path(chosen)  # a download, or the sentence with the cure
    return [*here, *([] if chosen in here else [chosen])], chosen
