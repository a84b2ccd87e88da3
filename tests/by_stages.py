"""The text of a derivative, made by the stages one by one."""

from sct import stages


def source_by_stages(f, args, transform="grad", wrt=0, passes=stages.PASSES, kwargs=None, **options):
    lowered = stages.lower(stages.read(f))
    typed = stages.specialize(lowered, stages.Arguments.like(lowered, *args, **(kwargs or {})))
    derivative = stages.differentiate(typed, transform, wrt, passes=passes, **options)
    return stages.to_text(stages.to_tree(derivative)).source
