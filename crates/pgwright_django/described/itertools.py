def chain(*iterables):
    result = []
    for iterable in iterables:
        result.extend(iterable)
    return result
