#!/bin/sh
# What 100 labels are worth: a representation learned from unlabelled images alone, beside one that also saw labels.
# usage: demo.sh METAPRIOR WORLD
set -eu
metaprior=$1
world=$2

both="--data $world --steps 6000 --lr 1e-3 --beta 1 --latent-dim 8 --threads 1 --resume"
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say "1/3  Learn from unlabelled images (beta-VAE), and from the same images and 100 labels (S2-beta-VAE)"
$metaprior train beta-vae $both --out runs/demo-unlabelled --quiet &
$metaprior train s2-beta-vae $both --labels 100 --gamma-sup 4 --out runs/demo-100-labels
wait $!

say "2/3  Judge both: does one code stand for one factor?"
for run in unlabelled 100-labels; do
  $metaprior judge disentanglement runs/demo-$run
done

say "3/3  Side by side"
$metaprior report runs/demo-100-labels runs/demo-unlabelled --out runs/demo.html
