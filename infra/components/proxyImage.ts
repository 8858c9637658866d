import * as awsx from "@pulumi/awsx";
import * as pulumi from "@pulumi/pulumi";
import { buildProxy } from "../../proxy-image/build";
import type { Architecture } from "../architecture";

export interface ProxyImageArgs {
  cpuArchitecture: Architecture;
  /** Base images, build arguments of the Dockerfile. */
  nginxImage: string;
  nodeImage: string;
  /** `pulumi destroy` deletes the repository with its images. Off in production. */
  deleteImagesOnDestroy: boolean;
}

/** Images kept for a roll back. */
const keptImages = 10;

/** The proxy's image, built from `proxy-image/` and pushed to a repository that scans and forgets. */
export class ProxyImage extends pulumi.ComponentResource {
  readonly imageUri: pulumi.Output<string>;
  readonly repositoryArn: pulumi.Output<string>;

  constructor(name: string, args: ProxyImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:ProxyImage", name, {}, opts);
    const repository = new awsx.ecr.Repository(
      name,
      {
        forceDelete: args.deleteImagesOnDestroy,
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfigurations: [{ encryptionType: "AES256" }],
        lifecyclePolicy: { rules: [{ tagStatus: "any", maximumNumberOfImages: keptImages }] },
      },
      { parent: this },
    );
    const image = new awsx.ecr.Image(
      name,
      {
        repositoryUrl: repository.url,
        // Docker's context is read once the bundles are there.
        context: pulumi.output(buildProxy("dist/proxy")).apply(() => "."),
        dockerfile: "proxy-image/Dockerfile",
        platform: args.cpuArchitecture === "arm64" ? "linux/arm64" : "linux/amd64",
        args: { NGINX_IMAGE: args.nginxImage, NODE_IMAGE: args.nodeImage },
      },
      { parent: this },
    );
    this.imageUri = image.imageUri;
    this.repositoryArn = repository.repository.apply((made) => made.arn);
    this.registerOutputs({ imageUri: this.imageUri });
  }
}
