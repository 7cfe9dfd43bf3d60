export declare function softwareVulkanEnv(): Record<string, string>
