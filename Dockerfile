FROM python:3.13.15-slim-trixie@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS base

FROM base AS build
COPY requirements.txt /
RUN python -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --no-cache-dir --require-hashes --only-binary :all: -r /requirements.txt
# Copied, not built: a build would fetch its tools from outside the lock.
COPY sanic_swap /venv/lib/python3.13/site-packages/sanic_swap
COPY fake_spotify /venv/lib/python3.13/site-packages/fake_spotify
RUN /venv/bin/python -m compileall -q /venv/lib/python3.13/site-packages/sanic_swap /venv/lib/python3.13/site-packages/fake_spotify

FROM base AS runtime
# Nothing is written at run time, so what Python keeps to start faster is made here;
# and whoever gets in finds no installer.
RUN python -m compileall -q /usr/local/lib/python3.13 \
    && pip uninstall --yes --root-user-action=ignore pip \
    && rm -r /usr/local/lib/python3.13/ensurepip
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65532:65532

# The stand-in for Spotify alone: docker build --target fake
FROM runtime AS fake
EXPOSE 8090
HEALTHCHECK --interval=2s --timeout=5s CMD ["python", "-m", "fake_spotify", "ready"]
ENTRYPOINT ["python", "-m", "fake_spotify", "--host", "0.0.0.0"]

FROM runtime
ARG SOURCE_COMMIT=
ENV HOST=0.0.0.0 PORT=8080 SOURCE_COMMIT=$SOURCE_COMMIT
EXPOSE 8080
ENTRYPOINT ["python", "-m", "sanic_swap"]
CMD ["serve"]
