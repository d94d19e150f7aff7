"""The Kubernetes manifests as a cluster would get them: rendered by the real Kustomize, with secrets made for the test."""

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "deploy/kubernetes"
OVERLAYS = ("single-node", "cluster")
Manifest = dict[str, Any]


def render(overlay: str, folder: Path) -> list[Manifest]:
    """Return what `kubectl apply -k` would send, from a copy in *folder* whose secrets are new."""
    copy = folder / overlay
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("secrets"))
    subprocess.run([copy / "make-secrets"], env={**os.environ, "PYTHON": sys.executable}, check=True)
    command = ["kustomize", "build"] if shutil.which("kustomize") else ["kubectl", "kustomize"]
    done = subprocess.run(
        [*command, str(copy / "overlays" / overlay)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def of_kind(manifests: list[Manifest], *kinds: str) -> dict[str, Manifest]:
    """Return the manifests of *kinds* by name; Kustomize's hash is taken off the names of settings and secrets."""
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] in kinds}


def workloads(manifests: list[Manifest]) -> dict[str, Manifest]:
    """Return what runs, by name."""
    return of_kind(manifests, "Deployment", "StatefulSet")


def pod(workload: Manifest) -> Manifest:
    """Return the pod that a workload makes."""
    found: Manifest = workload["spec"]["template"]["spec"]
    return found


def container(workload: Manifest) -> Manifest:
    """Return the one container of a workload."""
    [found] = pod(workload)["containers"]
    only: Manifest = found
    return only


def environment(workload: Manifest, manifests: list[Manifest]) -> dict[str, str]:
    """Return what the container is told, settings and secrets filled in as the kubelet would."""
    settings = of_kind(manifests, "ConfigMap")
    secrets = of_kind(manifests, "Secret")
    found: dict[str, str] = {}
    for source in container(workload).get("envFrom", ()):
        found |= settings[source["configMapRef"]["name"]]["data"]
    for one in container(workload).get("env", ()):
        if "value" in one:
            found[one["name"]] = one["value"]
            continue
        wanted = one["valueFrom"]["secretKeyRef"]
        if wanted["name"] in secrets:
            found[one["name"]] = base64.b64decode(secrets[wanted["name"]]["data"][wanted["key"]]).decode()
        else:
            assert wanted["optional"], f"nobody makes the secret {wanted['name']}"
    return found


def secret_names(workload: Manifest) -> Iterator[str]:
    """Yield the variables that come from secrets."""
    for one in container(workload).get("env", ()):
        if "secretKeyRef" in one.get("valueFrom", {}):
            yield one["name"]
