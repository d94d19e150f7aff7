# One recipe for every service: docker build --build-arg SERVICE=execution .
# The image holds the library, that one service, and of requirements.lock just what these two need.
# BESIDE names a second service whose code it asks: the gateway asks the exchange what an order would need.

# What every service needs; the same layers for all of them.
FROM python:3.11-slim AS library
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CACHE_DIR=/var/cache/pip
WORKDIR /src
COPY requirements.lock scripts/lock_subset.py ./
RUN --mount=type=cache,target=/var/cache/pip \
    python -m venv /build && python lock_subset.py requirements.lock hatchling >build.lock \
    && /build/bin/pip install --require-hashes -r build.lock
COPY libs/common/pyproject.toml libs/common/
RUN --mount=type=cache,target=/var/cache/pip \
    python -m venv --without-pip /sauda && python lock_subset.py requirements.lock libs/common >library.lock \
    && /build/bin/pip --python /sauda install --require-hashes -r library.lock

# A stage of its own: built once for all services.
FROM library AS wheel
COPY libs/common libs/common
RUN /build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels libs/common

FROM library AS service
ARG SERVICE
ARG BESIDE=${SERVICE}
COPY services/${SERVICE}/pyproject.toml services/${SERVICE}/
COPY services/${BESIDE}/pyproject.toml services/${BESIDE}/
RUN --mount=type=cache,target=/var/cache/pip \
    python lock_subset.py requirements.lock libs/common services/* >service.lock \
    && /build/bin/pip --python /sauda install --require-hashes -r service.lock
COPY services/${SERVICE} services/${SERVICE}
COPY services/${BESIDE} services/${BESIDE}
COPY --from=wheel /wheels /wheels
# The build tools come from the lock too, and stay behind in this stage with their pip.
RUN /build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels services/* \
    && /build/bin/pip --python /sauda install --no-deps --no-index /wheels/*.whl \
    && /build/bin/pip --python /sauda check

FROM python:3.11-slim
ARG SERVICE
ENV SERVICE=${SERVICE} PATH=/sauda/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    SAUDA_HEALTH_FILE=/tmp/health.json
# /data is where a volume is mounted by the service that keeps files; it takes its owner from here.
RUN useradd --system --uid 10001 --home-dir /app sauda && install -d -o sauda /app /data
WORKDIR /app
COPY --from=service /sauda /sauda
COPY config config
USER sauda
HEALTHCHECK --interval=3s --timeout=5s --start-period=60s --retries=5 CMD ["python", "-m", "sauda.health"]
# exec: the service itself is process 1 and gets SIGTERM, not a shell around it.
CMD ["sh", "-c", "exec python -m sauda_${SERVICE}"]
